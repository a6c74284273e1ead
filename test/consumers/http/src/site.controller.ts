import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { SiteRepository } from './repositories.js';
import { SensorService } from './sensor.service.js';

@Controller('sites')
export class SiteController {
  constructor(
    private readonly service: SensorService,
    private readonly sites: SiteRepository,
  ) {}

  @Post()
  async open(@Body() body: { name: string }) {
    return await this.service.open(body.name);
  }

  @Get(':id')
  async one(@Param('id') id: string) {
    return await this.sites.getById(id, { include: { sensors: { select: { label: true } } } });
  }
}
