import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { toPageView } from '../http/page.js';
import { CreateCustomerDto, ListCustomersQuery } from './customer.dto.js';
import { CustomerRepository } from './customer.repository.js';
import { CustomerService } from './customer.service.js';
import { CustomerPageView, CustomerView } from './customer.view.js';

@RequiresDatabase()
@ApiTags('Customers')
@Controller('customers')
export class CustomerController {
  constructor(
    private readonly service: CustomerService,
    private readonly customers: CustomerRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List customers, oldest first', operationId: 'listCustomers' })
  @ApiOkResponse({ type: CustomerPageView })
  @ApiErrors(400)
  async list(@Query() query: ListCustomersQuery): Promise<CustomerPageView> {
    const page = await this.customers.findPage(query.search, query);
    return toPageView(page, query, (row) => new CustomerView(row));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a customer', operationId: 'getCustomer' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: CustomerView })
  @ApiErrors(400, 404)
  async get(@Param('id', IntIdPipe) id: number): Promise<CustomerView> {
    return new CustomerView(await this.service.get(id));
  }

  @Post()
  @ApiOperation({ summary: 'Add a customer', operationId: 'createCustomer' })
  @ApiBody({ type: CreateCustomerDto })
  @ApiCreatedResponse({ type: CustomerView, headers: LOCATION_HEADER })
  @ApiErrors(400, 409, 413)
  async create(
    @Body() body: CreateCustomerDto,
    @Res({ passthrough: true }) response: HeaderBag,
  ): Promise<CustomerView> {
    const customer = await this.service.create(body);
    response.setHeader('Location', `/customers/${customer.id}`);
    return new CustomerView(customer);
  }
}
