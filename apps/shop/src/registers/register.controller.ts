import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { dayOf } from './business-day.js';
import { OpenRegisterDto } from './register.dto.js';
import { RegisterService } from './register.service.js';
import { RegisterClosingView, RegisterView } from './register.view.js';

const ID = { name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 } as const;

@RequiresDatabase()
@ApiTags('Registers')
@Controller('registers')
export class RegisterController {
  constructor(private readonly service: RegisterService) {}

  @Get()
  @ApiOperation({ summary: 'List the registers', operationId: 'listRegisters' })
  @ApiOkResponse({ type: [RegisterView] })
  @ApiErrors()
  async list(): Promise<RegisterView[]> {
    return (await this.service.list()).map((register) => new RegisterView(register));
  }

  @Post(':id/open')
  @HttpCode(200)
  @ApiOperation({ summary: 'Open a register for a day', operationId: 'openRegister' })
  @ApiParam(ID)
  @ApiBody({ type: OpenRegisterDto })
  @ApiOkResponse({ type: RegisterView })
  @ApiErrors(400, 404, 409, 413)
  async open(@Param('id', IntIdPipe) id: number, @Body() { day }: OpenRegisterDto): Promise<RegisterView> {
    return new RegisterView(await this.service.open(id, dayOf(day)));
  }

  @Post(':id/close')
  @HttpCode(200)
  @ApiOperation({
    summary: "Count a register and end its day; the last register ends the shop's",
    operationId: 'closeRegister',
  })
  @ApiParam(ID)
  @ApiOkResponse({ type: RegisterClosingView })
  @ApiErrors(400, 404, 409)
  async close(@Param('id', IntIdPipe) id: number): Promise<RegisterClosingView> {
    return new RegisterClosingView(await this.service.close(id));
  }
}
